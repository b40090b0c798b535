# SPDX-License-Identifier: Apache-2.0
# A tester in PowerShell (5.1 or later).
#   .\result.ps1 gate test GW S1 ; .\result.ps1 post result.json ; .\result.ps1 drop result.json C:\box\inbox
param([Parameter(Mandatory = $true)][string]$Do, [Parameter(ValueFromRemainingArguments = $true)][string[]]$More)

$Box = if ($env:BOX) { $env:BOX } else { 'http://localhost:8447' }
$Headers = @{}
if ($env:BOX_TOKEN_FILE) {
    $Headers['Authorization'] = 'Bearer ' + (Get-Content -Raw $env:BOX_TOKEN_FILE).Trim()
}

function Ask-Gate($Gate, $Product, $Serial) {
    # Whoever cannot ask takes the gate for closed.
    try {
        $Path = @($Gate, $Product, $Serial | ForEach-Object { [uri]::EscapeDataString($_) }) -join '/'
        $Line = (Invoke-WebRequest -UseBasicParsing -TimeoutSec 10 -Headers $Headers "$Box/v1/gates/$Path").Content
    } catch {
        $Line = "FAIL OFFLINE $($_.Exception.Message)"
    }
    Write-Output "$Line".Trim()
    if (-not "$Line".StartsWith('PASS')) { exit 1 }
}

function Send-Result($File, $Type) {
    # 201: recorded; 202: on the box's disk, brought later. Anything else throws.
    $Body = [IO.File]::ReadAllBytes((Resolve-Path $File))
    $Reply = Invoke-WebRequest -UseBasicParsing -TimeoutSec 30 -Method Post -Headers $Headers `
        -ContentType 'application/json' -Body $Body "$Box/v1/records/$Type"
    Write-Output "$($Reply.StatusCode) $($Reply.Content)"
}

function Add-File($File, $Folder) {
    # Whole or not at all: written beside, then renamed.
    $Name = Split-Path -Leaf $File
    Copy-Item $File (Join-Path $Folder ".$Name")
    Rename-Item (Join-Path $Folder ".$Name") $Name
}

switch ($Do) {
    'gate' { Ask-Gate $More[0] $More[1] $More[2] }
    'post' { Send-Result $More[0] $(if ($More.Count -gt 1) { $More[1] } else { 'test.recorded' }) }
    'drop' { Add-File $More[0] $More[1] }
    default { Write-Error 'gate GATE PRODUCT SERIAL | post FILE [TYPE] | drop FILE FOLDER'; exit 2 }
}
