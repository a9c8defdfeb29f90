/** Represents a module that takes long to load. It must not be evaluated before it is imported. */
Object.assign(globalThis, { heavyModuleLoaded: true });

export const answer = 42;
