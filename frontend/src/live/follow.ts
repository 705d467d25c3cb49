// Streams are followed over one connection a service and account. What is followed twice at once, as by two parts of a
// page, has a connection of its own.

import { session } from "../session/session";
import { Connection, type Follower, type Service } from "./connection";

export type Followed = { leave: () => void; signal: (kind: string) => void };

type Open = { key: string; connection: Connection };
const open: Open[] = [];

/**
 * Follows a stream until it is left.
 *
 * @param asNobody Follows it as somebody without an account would, whoever is signed in.
 */
export function follow<State, Event, Signal = never>(
  service: Service,
  follower: Follower<State, Event, Signal>,
  asNobody = false,
): Followed {
  const account = asNobody ? "" : (session.account?.id ?? "");
  const key = `${service} ${account}`;
  let found = open.find((each) => each.key === key && !each.connection.has(follower.stream));
  if (!found) {
    const made: Open = {
      key,
      connection: new Connection(service, account !== "", () => open.splice(open.indexOf(made), 1)),
    };
    open.push(made);
    found = made;
  }
  const { connection } = found;
  connection.follow(follower as unknown as Follower);
  return {
    leave: () => connection.leave(follower.stream),
    signal: (kind) => connection.signal(follower.stream, kind),
  };
}

// Nothing that an account follows goes on without it.
session.subscribe(() => {
  const gone = open.filter(({ key }) => !key.endsWith(" ") && !key.endsWith(` ${session.account?.id}`));
  for (const { connection } of gone) connection.close();
});
