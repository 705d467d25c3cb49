// What is pushed to this browser, and what happens when a reader touches it.

export function takePushes(_worker: ServiceWorkerGlobalScope): void {
  // Nothing is pushed yet.
}
