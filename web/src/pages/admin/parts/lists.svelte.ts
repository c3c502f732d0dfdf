import { api, call, type Schema } from '$lib/api/client';
import { listing, type Listing } from './listing.svelte';

const limit = 100;

export const allUsers = (): Listing<Schema<'User'>> =>
  listing((cursor, signal) => call(api.GET('/users', { params: { query: { limit, cursor } }, signal })));

export const allDomains = (): Listing<Schema<'Domain'>> =>
  listing((cursor, signal) => call(api.GET('/domains', { params: { query: { limit, cursor } }, signal })));

export const allProfiles = (): Listing<Schema<'Profile'>> =>
  listing((_, signal) => call(api.GET('/profiles', { signal })));

export const allProviders = (): Listing<Schema<'Provider'>> =>
  listing((_, signal) => call(api.GET('/providers', { params: { query: { all: true } }, signal })));

export const allTemplates = (account?: number): Listing<Schema<'Template'>> =>
  listing((cursor, signal) =>
    call(api.GET('/templates', { params: { query: { all: true, account, limit, cursor } }, signal })),
  );
