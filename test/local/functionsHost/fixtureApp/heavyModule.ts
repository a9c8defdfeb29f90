/** Stands for a module that takes long to load: it must not be evaluated before it is asked for. */
Object.assign(globalThis, { heavyModuleLoaded: true });

export const answer = 42;
