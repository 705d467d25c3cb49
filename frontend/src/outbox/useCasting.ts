// Casts a ballot, and says only what is known: counted when it was acknowledged, waiting while there is no connection,
// refused when the server said so. A ballot can safely be sent again: it counts once.

import { useCallback, useEffect, useRef, useState } from "react";
import { api, type BallotBody, given, type Poll } from "../api/client";
import { ballotHeaders, keepSecret, votingToken } from "../ballots/secrets";
import { session } from "../session/session";
import { enter } from "./here";
import { mayPass, waitMs } from "./passing";
import { alone, drop, keep, kept, settle } from "./store";

export type Casting = {
  state: "idle" | "sending" | "waiting" | "counted" | "refused";
  /** The ballot that is under way, or was counted. */
  ballot: BallotBody | null;
  receipt: string | null;
  error: Error | null;
};

const idle: Casting = { state: "idle", ballot: null, receipt: null, error: null };

// What stands for a voter beside their account isn't stored: neither voting tokens nor anonymous ballots.
const isKept = (poll: Poll) => !poll.rules.anonymous && !votingToken(poll.id);

/** Returns how casting stands, and what casts a ballot, sends a waiting one at once, or takes it back. */
export function useCasting(poll: Poll, account: string, onAnswer: () => void) {
  const [casting, setCasting] = useState<Casting>(idle);
  const tries = useRef(0);
  const busy = useRef(false);
  const answered = useRef(onAnswer);
  answered.current = onAnswer;

  const cast = useCallback(
    async (ballot: BallotBody, version = poll.version) => {
      if (busy.current) return;
      busy.current = true;
      let owner = account;
      const { id, title, code } = poll;
      const waiting = () => ({ account: owner, poll: id, version, body: ballot, title, code });
      const store = () => keep(waiting()).catch(() => undefined);
      setCasting({ ...idle, state: "sending", ballot });
      try {
        if (isKept(poll)) await store();
        if (poll.rules.eligibility !== "signed_in" && !(await session.token())) {
          await session.guest();
          await drop(owner, poll.id).catch(() => undefined);
          owner = session.account?.id ?? "";
          if (isKept(poll)) await store(); // from now on it is this guest's
        }
        const header = { ...ballotHeaders(poll.id), "Poll-Version": version };
        const params = { path: { poll_id: poll.id }, header };
        const counted = await alone(id, async () =>
          given(await api.PUT("/v1/votebooth/polls/{poll_id}/ballot", { params, body: ballot })),
        );
        if (counted.secret) keepSecret(poll.id, counted.secret);
        await settle(waiting()).catch(() => undefined);
        tries.current = 0;
        setCasting({ state: "counted", ballot, receipt: counted.receipt, error: null });
        answered.current();
      } catch (error) {
        const known = error instanceof Error ? error : new Error(String(error));
        if (mayPass(error)) {
          setCasting({ state: "waiting", ballot, receipt: null, error: known });
        } else {
          await settle(waiting()).catch(() => undefined);
          setCasting({ state: "refused", ballot, receipt: null, error: known });
          answered.current();
        }
      } finally {
        busy.current = false;
      }
    },
    [poll, account],
  );

  useEffect(() => enter(poll.id), [poll.id]);

  // What was left waiting by a page that was closed is sent by the next one, unless it is being sent from elsewhere.
  useEffect(() => {
    let current = true;
    void alone(poll.id, () => kept(account, poll.id))
      .then((waiting) => {
        if (current && waiting && !busy.current) void cast(waiting.body, waiting.version);
      })
      .catch(() => undefined);
    return () => {
      current = false;
    };
  }, [account, poll.id]); // once for each account: a new version of the poll is no reason to send

  const { state, ballot } = casting;
  useEffect(() => {
    if (state !== "waiting" || !ballot) return;
    const again = () => void cast(ballot);
    const timer = window.setTimeout(again, waitMs(tries.current++));
    window.addEventListener("online", again);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", again);
    };
  }, [state, ballot, cast]);

  const takeBack = useCallback(async () => {
    await drop(account, poll.id).catch(() => undefined);
    setCasting((now) => (now.state === "waiting" ? idle : now));
    answered.current(); // it may have arrived, and only its answer was lost
  }, [account, poll.id]);

  return { casting, cast, takeBack };
}
