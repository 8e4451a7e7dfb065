/** Work that would be lost with the page. The browser asks before it closes or reloads it. */
const guards = new Set<() => boolean>();

let isFree = false;

/** Ask before the page is left while *hasWork* says so; until the returned function is called. */
export function guardWork(hasWork: () => boolean): () => void {
  guards.add(hasWork);
  return () => guards.delete(hasWork);
}

/** The page goes now, whatever is on it: another person logs in, or this one signed out. */
export function leaveFreely(): void {
  isFree = true;
}

export function startGuarding(): void {
  window.addEventListener("beforeunload", (event) => {
    if (!isFree && [...guards].some((hasWork) => hasWork())) event.preventDefault();
  });
}
