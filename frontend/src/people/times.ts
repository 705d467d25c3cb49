// A moment for its reader, and for whoever set it where clocks show something else.

import { t } from "@lingui/core/macro";
import type { Schemas } from "../api/client";
import { session } from "../session/session";
import { elsewhere, moment } from "../ui/time";
import { nameOf } from "./Person";

/** "Nov 29, 2026, 18:00 GMT+2 (17:00 for Ada)", for whoever isn't Ada. */
export function forBoth(at: string, zone: string | null | undefined, owner: Schemas["PersonView"]): string {
  const [mine, time] = [moment(at), elsewhere(at, zone)];
  if (!time || !zone) return mine;
  if (session.account?.id === owner.id) return t`${mine} (${time} in ${zone})`;
  return t`${mine} (${time} for ${nameOf(owner)})`;
}
