// The page that carries its network.

import {startPlayground} from "../playground/playground.js";
import {PageBackend} from "./backend-page.js";

startPlayground(globalThis.pageBackend = new PageBackend()); // for whoever writes a script over it
