import { useEffect, useState } from "preact/hooks";
import type { AuditEntry } from "../../api/types";
import { actorOf } from "./actors";

/** Those who stand in what was read so far; nobody leaves the list when it is narrowed to one of them. */
export function usePeople(entries: readonly AuditEntry[] | null): ReadonlyMap<string, string> {
  const [people, setPeople] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    if (entries !== null) setPeople((before) => new Map([...before, ...entries.map((entry): [string, string] => [entry.actor.user_id, actorOf(entry)])]));
  }, [entries]);
  return people;
}
