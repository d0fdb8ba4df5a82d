// Keeps every file of this page, and answers with them whether there is a network or not.

const VERSION = "@VERSION@";
const FILES = ["@FILES@"];
const NAME = "tenfold-";
const SCOPE = new URL("./", location.href).href;
const CACHE = `${NAME}${SCOPE}-${VERSION}`;

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(forgetOlder()));
addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === "GET" && url.href.startsWith(SCOPE)) event.respondWith(answer(event.request, url));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((path) => new Request(new URL(path, SCOPE), { cache: "no-cache" })));
  await skipWaiting();
}

async function forgetOlder() {
  const older = (await caches.keys()).filter((name) => name.startsWith(NAME + SCOPE) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
  await clients.claim();
}

async function answer(request, url) {
  const path = url.href === SCOPE ? "index.html" : url.href.slice(SCOPE.length).split(/[?#]/)[0];
  const kept = await caches.match(new URL(path, SCOPE), { cacheName: CACHE });
  return kept ?? fetch(request);
}
