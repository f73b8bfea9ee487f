/* The viewer page: the element, full screen. */

import type { LiveShelf } from '../client/live-shelf';
import '../client/live-shelf';
import { sessionTake } from '../client/session';

const session = sessionTake();
const shelf = document.createElement('live-shelf') as LiveShelf;
if (session) {
  shelf.setAttribute('broadcast', session.broadcast);
  shelf.setAttribute('token', session.token);
}
const src = new URLSearchParams(location.search).get('src');
if (src) shelf.setAttribute('src', src);
shelf.addEventListener('liveshelf:snapshot', () => {
  document.title = shelf.client?.state.broadcast?.title || document.title;
});
document.body.append(shelf);
(window as any).liveshelf = shelf.client;
