import { t } from "@lingui/core/macro";
import { useEffect, useState } from "react";
import styles from "./Rooms.module.css";

/** What is left of a countdown by the server's clock, or that it is over. */
export function Timer({ endsAt, aheadMs, className = styles.timer }: { endsAt: string; aheadMs: number; className?: string | undefined }) {
  const left = () => Math.max(0, Math.ceil((Date.parse(endsAt) - Date.now() - aheadMs) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const every = window.setInterval(() => setSeconds(left()), 250);
    return () => clearInterval(every);
  }, [endsAt, aheadMs]);
  return (
    <p className={className} role="timer">
      {seconds > 0 ? t`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left` : t`Time is up`}
    </p>
  );
}
