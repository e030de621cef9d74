/** The handheld's storage. Only the engine uses it. */
export * from './blobs';
export * from './database';
export * from './mirror';
export * from './outbox';
export * from './prune';
export * from './schema';
export * from './wipe';
