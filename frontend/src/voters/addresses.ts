import { t } from "@lingui/core/macro";

// Addresses as people paste them or keep them in tables, with the line that each stands in.

export type Line = { line: number; text: string };
export type Found = { addresses: (Line & { address: string })[]; wrong: (Line & { why: string })[] };

/** Finds the address of each line: alone, in a cell of a table, or as "Ada <ada@example.org>". */
export function addressesOf(text: string): Found {
  const found: Found = { addresses: [], wrong: [] };
  const lines = new Map<string, number>();
  text.split(/\r\n|\r|\n/).forEach((each, at) => {
    const line = at + 1;
    const said = each.replace(/^\uFEFF/, "").trim();
    if (!said) return;
    const cells = said.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    const those = cells.flatMap((cell) => cell.match(/<([^<>]*@[^<>]*)>$/)?.[1] ?? (cell.includes("@") ? cell : []));
    const address = those[0]?.trim().toLowerCase();
    if (!address) {
      const heading = found.addresses.length === 0 && found.wrong.length === 0 && cells.some((cell) => /mail|address/i.test(cell));
      if (!heading) found.wrong.push({ line, text: said, why: t`there is no address in it` });
    } else if (those.length > 1) {
      found.wrong.push({ line, text: said, why: t`there are several addresses in it; give each a line of its own` });
    } else if (lines.has(address)) {
      found.wrong.push({ line, text: said, why: t`it is the address of line ${lines.get(address) ?? 0} again` });
    } else {
      lines.set(address, line);
      found.addresses.push({ line, text: said, address });
    }
  });
  return found;
}
