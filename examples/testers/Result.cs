// SPDX-License-Identifier: Apache-2.0
// A tester in C# (.NET 6 or later, Mono 6), with nothing but the base library.
//   Result gate test GW S1 | Result post result.json | Result drop result.json C:\box\inbox
using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Tasks;

static class Result
{
    static readonly string Box = Environment.GetEnvironmentVariable("BOX") ?? "http://localhost:8447";

    static HttpClient Client()
    {
        var client = new HttpClient(new HttpClientHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
        var token = Environment.GetEnvironmentVariable("BOX_TOKEN_FILE");
        if (token != null)
            client.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Bearer", File.ReadAllText(token).Trim());
        return client;
    }

    // Whoever cannot ask takes the gate for closed.
    static async Task<bool> Gate(string gate, string product, string serial)
    {
        string line;
        try
        {
            line = await Client().GetStringAsync($"{Box}/v1/gates/{gate}/{Uri.EscapeDataString(product)}/{Uri.EscapeDataString(serial)}");
        }
        catch (Exception e) when (e is HttpRequestException || e is TaskCanceledException)
        {
            line = "FAIL OFFLINE " + e.Message;
        }
        Console.WriteLine(line.Trim());
        return line.StartsWith("PASS", StringComparison.Ordinal);
    }

    // 201: recorded; 202: on the box's disk, brought later. Anything else was refused.
    static async Task<bool> Post(string path, string type)
    {
        var body = new StringContent(File.ReadAllText(path), Encoding.UTF8, "application/json");
        var reply = await Client().PostAsync($"{Box}/v1/records/{type}", body);
        Console.WriteLine($"{(int)reply.StatusCode} {await reply.Content.ReadAsStringAsync()}");
        return (int)reply.StatusCode == 201 || (int)reply.StatusCode == 202;
    }

    // Whole or not at all: written beside, then renamed.
    static bool Drop(string path, string folder)
    {
        var name = Path.GetFileName(path);
        var beside = Path.Combine(folder, "." + name);
        File.Copy(path, beside, true);
        File.Move(beside, Path.Combine(folder, name));
        return true;
    }

    static int Main(string[] a)
    {
        return Run(a).GetAwaiter().GetResult();
    }

    static async Task<int> Run(string[] a)
    {
        bool good;
        if (a.Length == 4 && a[0] == "gate")
            good = await Gate(a[1], a[2], a[3]);
        else if ((a.Length == 2 || a.Length == 3) && a[0] == "post")
            good = await Post(a[1], a.Length == 3 ? a[2] : "test.recorded");
        else if (a.Length == 3 && a[0] == "drop")
            good = Drop(a[1], a[2]);
        else
            return 2;
        return good ? 0 : 1;
    }
}
