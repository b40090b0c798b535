/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony_work.c — the script, second half: keys of the signer, what it agrees to, and what is left after a
 * fire. */
#include "cli/ceremony_macros.h"

#define NEEDS_AGE "age"
#define NEEDS_HSM "softhsm2-util"

const struct ceremony_step CEREMONY_KEYS[] = {
	{.kind = STEP_STOP, .who = "admin", .title = "stops the server and the signer"},
	{.kind = STEP_RUN,
	 .who = "admin",
	 .title = "replaces the CA key; old and new sign each other",
	 .aloud = "both key ids, and the digest of the new CA certificate",
	 .protects = "a key that may be known to others ends, and what it signed stays valid",
	 .words = {"signer", "rotate", "{D}/house", "ca", "--destroy-old", "--yes"},
	 .expected = "both keys and the log's own signed that",
	 .files = {"house/ca.old.1.der"}},
	{.kind = STEP_TOOL,
	 .who = "admin",
	 .title = "prepares a token; in truth the HSM's own ceremony, with its own people",
	 .words = {"softhsm2-util", "--init-token", "--free", "--label", "rehearsal", "--so-pin",
		   "87654321", "--pin", "4711"},
	 .needs = NEEDS_HSM},
	{.kind = STEP_RUN,
	 .who = "admin",
	 .title = "lets the HSM make the key for production firmware",
	 .aloud = "both key ids",
	 .protects = "nobody can copy that key any more, not even who administers the machine",
	 .words = {"signer", "migrate", "{D}/house", "firmware.production", "--to",
		   "pkcs11:token=rehearsal;object=firmware-production?module-path={HSM}"
		   "&pin-source=file:{D}/pin",
		   "--destroy-old", "--yes"},
	 .expected = "both keys and the log's own signed that",
	 .needs = NEEDS_HSM},
	{.kind = STEP_SERVE, .who = "admin", .title = "starts them again"},
	{0},
};

const struct ceremony_step CEREMONY_PLACE[] = {
	RECORD("ada", "defines what engineering may", "role.defined", "role=engineering",
	       ENGINEERING_MAY),
	ENROLL("erin", "engineering", "kind=person", "natural_person=P-erin"),
	RECORD("erin", "defines the factory", "site.defined", "site=FAB", "country=VN",
	       "name=Factory"),
	RECORD("erin", "defines its line", "line.defined", "site=FAB", "line=L1"),
	RECORD("erin", "defines the station there", "station.defined", "station=ST-1", "site=FAB",
	       "line=L1", "environment=production"),
	RECORD("erin", "defines the product", "product.defined", "product=SENSOR-1",
	       "hardware_type=1.3.6.1.4.1.32473.1", "name=Sensor"),
	RECORD("erin", "registers who sells the only part", "supplier.registered", "supplier=ACME",
	       "class=distributor", "country=US", "name=Acme"),
	RECORD("erin", "approves that supplier", "supplier.approved", "supplier=ACME",
	       "expires=+365d", "reason=Assessed for the rehearsal."),
	RECORD("erin", "defines the part", "part.defined", "part=R-10K", "manufacturer=Acme",
	       "description=Resistor", "critical=false"),
	RECORD("erin", "says from whom it comes", "part.source_approved", "part=R-10K",
	       "supplier=ACME"),
	RECORD("erin", "releases the bill of material", "bom.released", "product=SENSOR-1",
	       "revision=A", "line_count=1",
	       "lines=[{\"line\": \"1\", \"part\": \"R-10K\", \"quantity\": 1}]"),
	MAKE_KEY("ST-1"),
	RECORD("ada", "defines what a station may", "role.defined", "role=station", STATION_MAY),
	ENROLL("ST-1", "station", "kind=station"),
	{0},
};

const struct ceremony_step CEREMONY_FIRMWARE[] = {
	{.kind = STEP_RUN,
	 .who = "erin",
	 .title = "uploads the image",
	 .aloud = "its digest, which the others compare with their own build of it",
	 .words = {"blob", "put", "{D}/image.bin", "@erin"},
	 .files = {"image.bin"}},
	ASK("erin", "asks that it is released for production", "firmware.released", "release=FW-1",
	    "product=SENSOR-1", "version=1.0", "environment=production", "image=@{D}/image.bin",
	    "image_size=27", "security_version=1"),
	AGREE("cleo", "has left the charter, and agrees all the same: her role at the server was "
		      "forgotten"),
	{.kind = STEP_AWAIT,
	 .who = "ada",
	 .title = "sees that it waits: for the server it is released, the signer does not count "
		  "cleo",
	 .protects = "a server that errs or lies about who may agree changes nothing at the signer",
	 .words = {"view", "signer.waiting", "@ada"},
	 .expected = "FW-1"},
	{.kind = STEP_RUN,
	 .who = "ben",
	 .title = "looks at it and agrees, with a key file of his own machine",
	 .aloud = "the digest of the record, and that of the image",
	 .protects = "one vote at least was made where our server does not draw the screen",
	 .words = {"approve", "{N}", "--yes", "@ben"},
	 .expected = "FW-1"},
	{.kind = STEP_AWAIT,
	 .who = "ada",
	 .title = "sees that the signer admitted it, and signed the manifest",
	 .words = {"view", "signer.decisions", "kind=firmware_release", "id=FW-1", "@ada"},
	 .expected = "admitted"},
	{0},
};

const struct ceremony_step CEREMONY_BUILD[] = {
	RECORD("ada", "takes back cleo's role, as `sealwright doctor` said", "grant.revoked",
	       "grant_id=founder/cleo", "reason=She left."),
	RECORD("ada", "defines what a guest may: look", "role.defined", "role=guest", GUESTS_MAY),
	RECORD("ada", "gives cleo that", "role.granted", "grant_id=G-cleo", "principal=cleo",
	       "role=guest"),
	ASK("erin", "asks that three units may be built, by this station alone", "build.authorized",
	    "authorization=BA-1", "product=SENSOR-1", "revision=A", "release=FW-1", "site=FAB",
	    "line=L1", "quantity=3", "valid_until=+30d", "hardware_type=1.3.6.1.4.1.32473.1",
	    "security_version=1", "stations=[{\"station\": \"ST-1\", \"key\": \"{ID:ST-1}\"}]"),
	{.kind = STEP_REFUSED,
	 .who = "cleo",
	 .title = "agrees once more, and is refused by the server, too",
	 .protects = "whoever left is out at both places, and neither relies on the other",
	 .words = {"approve", "{N}", "--yes", "@cleo"},
	 .expected = "does not count"},
	{.kind = STEP_RUN,
	 .who = "ben",
	 .title = "looks at it and agrees, with a key file of his own machine",
	 .aloud = "how many, of what, where, until when",
	 .protects = "nobody builds one more than two people agreed to",
	 .words = {"approve", "{N}", "--yes", "@ben"},
	 .expected = "quantity: 3"},
	{.kind = STEP_AWAIT,
	 .who = "ada",
	 .title = "sees that the signer admitted it: it counts from now on",
	 .words = {"view", "signer.decisions", "kind=build_authorization", "id=BA-1", "@ada"},
	 .expected = "admitted"},
	{0},
};

/* clang-format off */
#define AGE_KEY(name)                                                                              \
	{.kind = STEP_TOOL, .who = name, .title = "makes a key for backups",                       \
	 .words = {"age-keygen", "-o", "{D}/" name ".age"}, .needs = NEEDS_AGE},                   \
	{.kind = STEP_TOOL, .who = name, .title = "writes its public half, for the admin",          \
	 .aloud = "the last six letters of it",                                                    \
	 .words = {"age-keygen", "-y", "-o", "{D}/" name ".age.pub", "{D}/" name ".age"},          \
	 .files = {name ".age.pub"}, .needs = NEEDS_AGE}

#define OPEN_SHARE(name)                                                                           \
	{.kind = STEP_TOOL, .who = name, .title = "opens the share, with age and nothing else",    \
	 .words = {"age", "-d", "-i", "{D}/" name ".age", "-o", "{D}/" name ".share",              \
		   "{D}/sealed/" name ".age"},                                                     \
	 .needs = NEEDS_AGE}
/* clang-format on */

const struct ceremony_step CEREMONY_BACKUP[] = {
	AGE_KEY("admin"),
	AGE_KEY("rita"),
	AGE_KEY("rob"),
	{.kind = STEP_RUN,
	 .who = "admin",
	 .title = "takes a backup while the house serves",
	 .aloud = "its SHA-256; it goes to two places",
	 .protects = "a fire takes the machine, and neither the evidence nor the keys",
	 .words = {"backup", "{D}/house", "{D}/house.backup", "--to", "admin={D}/admin.age.pub",
		   "--custodian", "rita={D}/rita.age.pub", "--custodian", "rob={D}/rob.age.pub",
		   "--need", "2"},
	 .expected = "which 2 of 2 custodians open together",
	 .files = {"house.backup"},
	 .needs = NEEDS_AGE},
	{.kind = STEP_REFUSED,
	 .who = "rita",
	 .title = "tries to open the backup by herself, and is refused",
	 .protects = "a custodian has a share of the keys, and not one entry",
	 .words = {"restore", "{D}/house.backup", "{D}/alone", "--identity", "{D}/rita.age"},
	 .expected = "age says",
	 .needs = NEEDS_AGE},
	{.kind = STEP_RUN,
	 .who = "admin",
	 .title = "takes out the sealed shares, each for its custodian",
	 .words = {"restore", "{D}/house.backup", "{D}/sealed", "--shares-only", "--identity",
		   "{D}/admin.age"},
	 .needs = NEEDS_AGE},
	OPEN_SHARE("rita"),
	{.kind = STEP_REFUSED,
	 .who = "admin",
	 .title = "tries with one share, and is refused",
	 .protects = "one custodian and the admin together are not enough",
	 .words = {"restore", "{D}/house.backup", "{D}/alone", "--identity", "{D}/admin.age",
		   "--share", "{D}/rita.share"},
	 .expected = "2 custodians are needed",
	 .needs = NEEDS_AGE},
	OPEN_SHARE("rob"),
	{.kind = STEP_RUN,
	 .who = "admin",
	 .title = "restores it for a test, with both shares; everything is removed again",
	 .aloud = "how many entries were verified",
	 .protects = "a backup that nobody could restore is noticed today",
	 .words = {"restore", "{D}/house.backup", "{D}/house", "--test", "--identity",
		   "{D}/admin.age", "--share", "{D}/rita.share", "--share", "{D}/rob.share"},
	 .expected = "Everything was removed again.",
	 .needs = NEEDS_AGE},
	{0},
};

const struct ceremony_step CEREMONY_END[] = {
	{.kind = STEP_RUN,
	 .who = "ada",
	 .title = "audits the whole log from her own machine",
	 .protects = "every signature of the day is verified again, by the key that was read aloud",
	 .words = {"ledger", "audit", "{D}/house", "--log", "{D}/house/log.vkey"},
	 .expected = "entries"},
	{.kind = STEP_STOP, .who = "admin", .title = "stops everything; the keys are thrown away"},
	{0},
};
