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

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
mount(App, { target });

try {
  const platform = browserPlatform();
  await session.attach(await createEngine(platform, { baseUrl: '', app: __APP__ }), () => platform.now());
} catch (error) {
  console.error('the local store did not open', error);
  session.broken = true;
}
push.start();
watchForUpdate((apply) => (session.update = apply));
