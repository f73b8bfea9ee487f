/* A browser for the tests. CHROMIUM names another one. */

import { chromium } from 'playwright-core';

export const SIZES = { phone: { width: 360, height: 640 }, tablet: { width: 820, height: 1180 }, desk: { width: 1440, height: 900 } };

export function browserOpen() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}
