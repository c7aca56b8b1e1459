// The page with the server that it came from.

import {HttpBackend} from "./backend-http.js";
import {startPlayground} from "./playground.js";

startPlayground(new HttpBackend());
