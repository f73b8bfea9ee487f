/* The host's and the planner's pages in their states. */

const id = (page, name) => page.locator(`[data-testid="${name}"]`);

const host = async (mock, page) => {
  await page.goto(mock.link('host'));
  await id(page, 'state').waitFor();
  await page.waitForFunction(() => window.liveshelf?.state.broadcast);
};

const SHOTS = {
  'host-live': async (mock, page, size) => {
    mock.cueGo(1);
    mock.pin(1, 'teapot');
    mock.sell('mug-red', 30);
    mock.holdOthers('mug-red', 3);
    mock.refuseSome('mug-red', 8);
    await host(mock, page);
    await id(page, 'must-say-0').click();
    await page.locator('[aria-pressed="true"]').first().waitFor();
    if (size === 'desk') await page.waitForTimeout?.(0);
  },
  'host-product': async (mock, page, size) => {
    mock.cueGo(1);
    mock.notice('Shipping to Ireland is free today');
    mock.sell('mug-red', 30);
    await host(mock, page);
    if (size === 'desk') await page.locator('[data-testid="goods-teapot"] td:first-child button').click();
    else await id(page, 'menu').click();
  },
  'host-soldout': async (mock, page) => {
    mock.cueGo(5);
    await host(mock, page);
    mock.sell('lamp', 8);
    await page.getByText('SOLD OUT').first().waitFor();
  },
  'host-lost': async (mock, page) => {
    mock.cueGo(2);
    await host(mock, page);
    mock.refuse = 'upgrade';
    mock.drop();
    await page.getByText('Connection lost').waitFor();
    await page.keyboard.press('2');
  },
  'host-selling': async (mock, page) => {
    mock.cueGo(2);
    await host(mock, page);
    mock.health({ selling: 'stopped', why: 'The books of the stock do not add up: mug-red, 40 in them and 39 counted.' });
    await page.getByText('Selling is stopped').waitFor();
  },
  'host-recall': async (mock, page, size) => {
    mock.cueGo(1);
    await host(mock, page);
    if (size === 'desk') {
      await page.locator('[data-testid="goods-mug-red"] td:first-child button').click();
      await id(page, 'recall').click();
    } else {
      await id(page, 'menu').click();
      await id(page, 'recall-pinned').click();
    }
    await id(page, 'recall-sheet').waitFor();
  },
  'host-recalled': async (mock, page, size) => {
    mock.holdOthers('mug-red', 4);
    mock.cueGo(1);
    for (const hold of mock.others().slice(0, 3)) mock.holdEnd(hold, 'confirmed');
    await SHOTS['host-recall'](mock, page, size);
    await id(page, 'recall-confirm').click();
    await id(page, 'recall-holds').waitFor();
  },
  'host-approval': async (mock, page) => {
    mock.cueGo(1);
    await page.goto(mock.link('host', 'host', { sub: 'ben' }));
    await page.waitForFunction(() => window.liveshelf?.state.broadcast);
    mock.ask('mug-red', 290, 'anna');
    mock.ask('lamp', 1900, 'ben', 'offer');
    await id(page, 'approve').waitFor();
  },
  'host-stock': async (mock, page, size) => {
    mock.cueGo(5);
    mock.stock.lamp.buffer = 2;
    mock.refuseSome('lamp', 9);
    mock.lines.lamp = ['v_1', 'v_2', 'v_3'];
    await host(mock, page);
    mock.health({ sync_delay_ms: { last: 45_000, p95: 70_000 } });
    mock.moved('lamp');
    if (size === 'desk') await page.locator('[data-testid="sync-delay"]').waitFor();
    else {
      await id(page, 'menu').click();
      await id(page, 'sync-delay').waitFor();
    }
  },
  'host-lag': async (mock, page) => {
    mock.cueGo(1);
    mock.lag({ viewers: 380, p50_ms: 6250, p95_ms: 14_000 });
    await host(mock, page);
    await id(page, 'lag').waitFor();
  },
  'host-soon': async (mock, page) => {
    mock.stock.lamp.allocated = 3;
    await host(mock, page);
    await id(page, 'start').click();
    await id(page, 'verdict').waitFor();
  },
  'host-ended': async (mock, page) => {
    mock.stateSet('ended');
    await host(mock, page);
  },
};

Object.assign(SHOTS, {
  'checkout-due': async (mock, page) => {
    await page.goto(`http://127.0.0.1:${mock.port}/checkout/?hold=h_1&shop=demo&amount=990&currency=EUR&expires_ms=${Date.now() + 272_000}&sig=s`);
    await id(page, 'pay').waitFor();
  },
  'checkout-over': async (mock, page) => {
    await page.goto(`http://127.0.0.1:${mock.port}/checkout/?hold=h_1&shop=demo&amount=990&currency=EUR&expires_ms=${Date.now() - 1000}&sig=s`);
    await id(page, 'pay').click();
    await id(page, 'checkout-state').waitFor();
  },
});
export default SHOTS;
