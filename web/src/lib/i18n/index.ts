export { has, lang, languages, setLanguage, t, type Language } from './catalogue.svelte';
