// Lets Lighthouse look at one page once, as a phone on a slow line, and prints what it found as JSON.
//
//   node look.mjs '{"url": "http://127.0.0.1:8000/home", "chromium": "/usr/bin/chromium", "account": {…}}'
//
// Chromium is new each time, so nothing is cached but the sign-in of `account`, which is kept as a browser keeps it: by
// a cookie, and by a word in the page's storage that says so (frontend/src/session/session.ts).

import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

const { url, chromium, account, root } = JSON.parse(process.argv[2]);
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const TRIES = 3; // on a busy machine Chromium's trace lacks its beginning now and then

for (let number = 1; ; number++) {
  const lhr = await look();
  if (!lhr.runtimeError) {
    console.log(JSON.stringify(summary(lhr)));
    break;
  }
  if (number === TRIES) throw new Error(lhr.runtimeError.message);
}

async function look() {
  const browser = await puppeteer.launch({
    executablePath: chromium,
    args: [...(root ? ["--no-sandbox"] : []), "--disable-dev-shm-usage"],
  });
  try {
    if (account) await signIn(browser, account);
    const port = Number(new URL(browser.wsEndpoint()).port);
    return (await lighthouse(url, { port, output: "json", logLevel: "error", onlyCategories: CATEGORIES })).lhr;
  } finally {
    await browser.close();
  }
}

async function signIn(browser, body) {
  const page = await browser.newPage();
  await page.goto(url);
  const status = await page.evaluate(async (credentials) => {
    const answer = await fetch("/v1/auth/sessions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...credentials, refresh: "cookie" }),
    });
    localStorage.setItem("votewave.signed-in", "user");
    return answer.status;
  }, body);
  if (status !== 201) throw new Error(`signing in was answered with ${status}`);
  await page.close();
}

function items(lhr, id) {
  return lhr.audits[id]?.details?.items ?? [];
}

/** What was the largest part of the first view: an insight has it among its tables. */
function largest(lhr) {
  const parts = items(lhr, "lcp-breakdown-insight");
  const node = parts.find(({ type }) => type === "node");
  return node ? `${node.selector}: ${node.nodeLabel}` : "";
}

function summary(lhr) {
  const scores = Object.fromEntries(Object.entries(lhr.categories).map(([id, { score }]) => [id, Math.round((score ?? 0) * 100)]));
  const value = (id) => lhr.audits[id]?.numericValue ?? 0;
  const weighed = Object.values(lhr.categories).flatMap(({ id, auditRefs }) =>
    auditRefs.filter(({ weight }) => weight > 0).map((ref) => ({ category: id, weight: ref.weight, audit: lhr.audits[ref.id] })),
  );
  const missed = weighed
    .filter(({ audit }) => audit.score !== null && audit.score < 0.9)
    .map(({ category, audit }) => ({ category, id: audit.id, says: audit.displayValue || audit.title }));
  for (const { node, score } of lhr.audits["layout-shifts"]?.details?.items ?? []) {
    if (score >= 0.01) missed.push({ category: "performance", id: "layout-shifts", says: `${score.toFixed(3)}: ${node?.selector ?? "gone"}` });
  }
  return {
    at: lhr.finalDisplayedUrl,
    scores,
    fcp_ms: value("first-contentful-paint"),
    lcp_ms: value("largest-contentful-paint"),
    tbt_ms: value("total-blocking-time"),
    shift: value("cumulative-layout-shift"),
    kb: value("total-byte-weight") / 1000,
    missed,
    largest: largest(lhr),
    work: Object.fromEntries(items(lhr, "mainthread-work-breakdown").map(({ group, duration }) => [group, Math.round(duration)])),
    tasks: items(lhr, "long-tasks").map(({ startTime, duration }) => ({ at: Math.round(startTime), ms: Math.round(duration) })),
  };
}
