import "./ui/tokens.css";
import "./ui/base.css";
import { render } from "preact";
import { App } from "./app/App";
import { startClock } from "./state/clock";
import { startKeys } from "./state/keys";
import { startPreferences } from "./state/preferences";
import { startRouting } from "./state/route";
import { resume } from "./state/session";
import { startGuarding } from "./state/unsaved";

startPreferences();
startRouting();
startKeys();
startGuarding();
startClock();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void resume();
