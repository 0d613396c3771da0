// Opens pages in Chromium and says what it saw. A job comes on standard input, its answer goes to standard output.
// A page is fulfilled with what the job says: nothing is asked of any network.
// axe needs scripts, which our pages forbid: it looks at the same page without the header that does.
import chromium from "@sparticuz/chromium";
import { chromium as driver } from "playwright-core";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const job = JSON.parse(readFileSync(0, "utf8"));
const browser = await driver.launch({
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  executablePath: await chromium.executablePath(),
  headless: true,
});

async function opened(page, asked, headers) {
  const [said, fetched] = [[], []];
  page.on("console", (line) => said.push(line.text()));
  await page.route("**/*", (route) => {
    fetched.push(route.request().url());
    return route.request().url() === asked.url
      ? route.fulfill({ status: 200, headers, body: asked.body })
      : route.abort();
  });
  await page.goto(asked.url);
  return { said, fetched };
}

const answers = [];
for (const asked of job) {
  const context = await browser.newContext({ viewport: { width: 900, height: 900 }, ...asked.context });
  const page = await context.newPage();
  const answer = await opened(page, asked, asked.headers);
  if (asked.rules) {
    const bare = await context.newPage();
    await opened(bare, asked, { "content-type": asked.headers["content-type"] });
    await bare.evaluate(axe);
    const found = await bare.evaluate((tags) => window.axe.run({ runOnly: tags }), asked.rules);
    await bare.close();
    const told = (one) => ({ rule: one.id, nodes: one.nodes.map((node) => [node.html, node.failureSummary]) });
    answer.violations = found.violations.map(told);
    answer.undecided = found.incomplete.map(told);
    answer.passed = found.passes.map((one) => one.id);
  }
  if (asked.seen) {
    const places = page.locator(asked.seen);
    answer.seen = [];
    for (const place of await places.all()) {
      const box = await place.boundingBox();
      const text = await place.evaluate((node) => node.textContent);
      answer.seen.push({ text, width: box?.width ?? 0, height: box?.height ?? 0 });
    }
  }
  if (asked.overflow) {
    answer.overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  }
  if (asked.picture) {
    if (asked.at) await page.locator(asked.at).first().evaluate((node) => node.scrollIntoView());
    await page.screenshot({ path: asked.picture });
  }
  answers.push(answer);
  await context.close();
}
await browser.close();
console.log(JSON.stringify(answers));
