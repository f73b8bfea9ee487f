/* Where a page gets its token and broadcast: the fragment of its link, which no server sees. It is taken out of the address bar
 * at once and kept in this tab's session, so that a reload works and a shared screen shows no token. */

export interface Session { token: string; broadcast: string }

export function sessionTake(): Session | null {
  const name = `liveshelf.session|${location.pathname}`;
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get('token');
  const broadcast = given.get('broadcast');
  addEventListener('hashchange', () => new URLSearchParams(location.hash.slice(1)).get('token') && location.reload());
  if (token && broadcast) {
    history.replaceState(null, '', location.pathname + location.search);
    try {
      sessionStorage.setItem(name, JSON.stringify({ token, broadcast }));
    } catch {
      /* the page works, a reload will not */
    }
    return { token, broadcast };
  }
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? 'null');
  } catch {
    return null;
  }
}
