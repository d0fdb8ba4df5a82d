// Keep the page for when there is no network, once all of it is here.

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register(new URL("../offline-worker.js", import.meta.url)).catch((error) => {
    console.warn("The page will not work offline:", error.message); // as where it comes over plain HTTP
  });
}
