import { mount } from 'svelte';
import App from './app.svelte';
import './styles/app.css';
import { setLanguage } from '$lib/i18n';
import { prefs } from '$lib/prefs.svelte';
import { startRouter } from '$lib/router.svelte';
import { routes } from './routes';

startRouter(Object.fromEntries(Object.entries(routes).map(([name, { path }]) => [name, path])));
await setLanguage(prefs.language);
mount(App, { target: document.body });
