// English stands in the pages. Here it is put into the form in which it is shown, so that browsers need no parser for it.

import { compileMessage } from "@lingui/message-utils/compileMessage";
import { parseAst, type Plugin } from "vite";

const SOURCE = /\/src\/.*\.tsx?$/;
const KEY = /^[\w+/-]{6}$/;

type Node = { type: string; start: number; end: number; [part: string]: unknown };
type Property = Node & { key: Node & { name?: string }; value: Node & { value?: unknown } };

const isNode = (it: unknown): it is Node => typeof (it as Node | null)?.type === "string";

function* nodesIn(node: Node): Generator<Node> {
  yield node;
  for (const part of Object.values(node).flat()) if (isNode(part)) yield* nodesIn(part);
}

/** Returns the text of what Lingui's macros make of a message: an object with its id and the text. */
function textOf(node: Node): Property["value"] | null {
  if (node.type !== "ObjectExpression") return null;
  const properties = (node.properties as Property[]).filter(({ type }) => type === "Property");
  const valueOf = (name: string) => properties.find(({ key }) => key.name === name)?.value;
  const [id, message] = [valueOf("id"), valueOf("message")];
  if (!message || typeof id?.value !== "string" || !KEY.test(id.value)) return null;
  if (typeof message.value !== "string") throw new Error(`the message ${id.value} isn't a plain text`);
  return message;
}

/** Compiles each message of the sources, once Lingui's macros have made it. */
export function messages(): Plugin {
  return {
    name: "votewave-messages",
    enforce: "post",
    transform(code, id) {
      if (!SOURCE.test(id) || !code.includes("message")) return null;
      const texts = [...nodesIn(parseAst(code) as unknown as Node)].map(textOf).filter((text) => text !== null);
      texts.sort((one, other) => other.start - one.start);
      for (const { start, end, value } of texts) {
        code = code.slice(0, start) + JSON.stringify(compileMessage(value as string)) + code.slice(end);
      }
      return texts.length ? { code, map: null } : null;
    },
  };
}
