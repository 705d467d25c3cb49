import "fake-indexeddb/auto";
import { afterEach, beforeEach } from "vitest";
import { speak } from "../src/words/locale";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

beforeEach(() => speak("en"));
afterEach(() => localStorage.clear());
