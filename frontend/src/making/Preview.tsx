import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import { type Option } from "../ballots/Option";
import ballot from "../ballots/Ballot.module.css";
import { blank, filled, type Marks, type Method, missing } from "../ballots/rules";
import { Sheet } from "../ballots/Sheet";

/** The ballot as voters will have it: it can be filled in, and isn't sent. */
export function Preview({ title, method, options }: { title: string; method: Method; options: Option[] }) {
  const [marks, setMarks] = useState<Marks>(blank);
  return (
    <div className={ballot.sheet} role="group" aria-label={t`Ballot, to try`}>
      <Sheet title={title} method={method} options={options} marks={marks} onChange={setMarks} />
      <p className={ballot.rule} role="status">
        {missing(method, marks) || filled(method, marks, options.length)} <Trans>This is a preview: nothing is sent.</Trans>
      </p>
    </div>
  );
}
