import { mount } from 'svelte';
import { browserPlatform } from '../device/platform';
import { wake } from '../device/sound';
import { watchForUpdate } from '../device/update';
import { createEngine } from '../engine';
import '../ui/base.css';
import { language } from '../ui/i18n.svelte';
import { theme } from '../ui/theme.svelte';
import '../ui/tokens.css';
import App from './App.svelte';
import { calm } from './calm';
import './courier.css';
import { push } from './push/push.svelte';
import { router } from './router.svelte';
import { session } from './session.svelte';
import { settings } from './settings.svelte';

theme.start();
settings.apply();
language.set(language.current, false);
router.start();
wake();

/** A new version is nobody's hurry: it does not share the line and the processor with the first list. */
let watching = false;
function watch(): void {
  if (watching) return;
  watching = true;
  watchForUpdate((apply) => (session.update = apply), calm);
}

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
const platform = browserPlatform();
// The disk is slower than the screen: it is asked first.
const opening = createEngine(platform, { baseUrl: '', app: __APP__ });
opening.catch(() => undefined);
mount(App, { target, props: { onlisted: watch } });

try {
  await session.attach(await opening, () => platform.now());
} catch (error) {
  console.error('the local store did not open', error);
  session.broken = (error as { code?: string }).code === 'outdated' ? 'outdated' : 'broken';
  watch();
}
document.getElementById('splash')?.remove();
push.start();
