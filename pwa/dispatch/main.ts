import { mount } from 'svelte';
import '../ui/tokens.css';
import '../ui/base.css';
import './desk.css';
import { language } from '../ui/i18n.svelte';
import { theme } from '../ui/theme.svelte';
import App from './app.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no place for the desk');
theme.start();
language.set(language.current, false);
mount(App, { target });
