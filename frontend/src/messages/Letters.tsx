import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import ui from "../ui/ui.module.css";
import { Mark } from "../ui/Mark";
import { Unread } from "../ui/Unread";
import { useUnread } from "./inbox";

/** Leads to what others wrote to me, and says how much of it is new, as it comes. */
export function Letters({ account }: { account: string }) {
  return (
    <Link to="/messages" className={ui.nav}>
      <Mark d="M3 5h18v14H3zM3 6l9 7 9-7" />
      <span className={ui.word}><Trans>Messages</Trans></span>
      <Unread count={useUnread(account)} />
    </Link>
  );
}
