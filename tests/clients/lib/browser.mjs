// One headless Chromium for a scenario file, and a fresh profile with one page for each check.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { stage } from "./stage.mjs";

export const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 900 } },
};

const QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let browser;

/** Opens a page in a profile of its own and hands it to `body`. A failure is photographed, and says on which page it happened. */
export async function inPage(options, body) {
  browser ??= await chromium.launch({
    executablePath: stage.chromium,
    // Chromium refuses its sandbox to root, as containers run it.
    args: process.getuid?.() === 0 ? ["--no-sandbox", ...QUIET] : QUIET,
  });
  const context = await browser.newContext({ locale: "en-GB", ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (/content security policy|refused to/i.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  try {
    await body(page);
    assert.deepEqual(complaints, [], "the browser complained");
  } catch (error) {
    error.message += `\n          at ${page.url()} «${await heading(page)}»${complaints.map((text) => `\n          ${text}`).join("")}`;
    await page.screenshot({ path: `${stage.screenshots}/failed-${Date.now()}.png`, fullPage: true }).catch(() => {});
    throw error;
  } finally {
    await context.close();
  }
}

export async function closeBrowser() {
  await browser?.close();
}

/** Photographs the whole page, which must not be wider than its window. */
export async function photograph(page, name) {
  const widest = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return null;
    const beyond = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > clientWidth);
    return `${scrollWidth} px of content in ${clientWidth}: ${beyond.map(({ tagName, className }) => `${tagName}.${className}`).slice(0, 5)}`;
  });
  assert.equal(widest, null, name);
  await page.screenshot({ path: `${stage.screenshots}/${name}.png`, fullPage: true });
}

/** The URLs that the page's main frame goes to from now on. */
export function visits(page) {
  const urls = [];
  page.on("framenavigated", (frame) => frame === page.mainFrame() && urls.push(new URL(frame.url())));
  return urls;
}

async function heading(page) {
  return page.locator("h1").first().innerText({ timeout: 500 }).catch(() => "no heading");
}
