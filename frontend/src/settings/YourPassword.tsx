import { t } from "@lingui/core/macro";
import type { Problem } from "../api/problem";
import { Field } from "../ui/Field";

/** The password as it is, which what changes or ends an account asks for. */
export function YourPassword({ problem, autoFocus = false }: { problem: Problem | null; autoFocus?: boolean }) {
  return (
    <Field
      label={t`Your password`}
      name="password"
      type="password"
      autoComplete="current-password"
      required
      autoFocus={autoFocus}
      maxLength={256}
      error={problem?.of("password")}
    />
  );
}
