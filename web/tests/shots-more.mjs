/* The host's and the planner's pages in their states. */

const id = (page, name) => page.locator(`[data-testid="${name}"]`);

const host = async (mock, page) => {
  await page.goto(mock.link('host'));
  await id(page, 'state').waitFor();
  await page.waitForFunction(() => window.liveshelf?.state.broadcast);
};

export default {
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
    if (size === 'desk') await page.locator('[data-testid="goods-teapot"] button').click();
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
    mock.each((c) => mock.send(c, { t: 'health', d: { selling: 'unavailable' } }));
    await page.getByText('Selling is paused').waitFor();
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
