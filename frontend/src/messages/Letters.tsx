import { Link } from "@tanstack/react-router";
import ui from "../ui/ui.module.css";
import { Unread } from "../ui/Unread";
import { useUnread } from "./inbox";

/** Leads to what others wrote to me, and says how much of it is new, as it comes. */
export function Letters({ account }: { account: string }) {
  return (
    <Link to="/messages" className={ui.nav}>
      Messages
      <Unread count={useUnread(account)} />
    </Link>
  );
}
