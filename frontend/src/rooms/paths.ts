/** Whether a path is that of a room's screen, which has its token behind `#` for as long as it is open. */
export function isScreen(path: string): boolean {
  return /^\/r\/[^/]+\/screen\/?$/.test(path);
}
