/** Creates the value on the first call and shares the promise. Rejects with what `create` threw; the next call then tries again. */
export interface CreatedOnce<Value> {
  (): Promise<Value>;
  /** The next call creates the value again. */
  forget(): void;
}

/** Creates something once and shares it. A failure is not cached, so the next call tries again. */
export function createOnce<Value>(create: () => Promise<Value>): CreatedOnce<Value> {
  let created: Promise<Value> | undefined;
  const get = (): Promise<Value> => {
    if (created) return created;
    const creating = create();
    created = creating;
    creating.catch(() => {
      if (created === creating) created = undefined;
    });
    return creating;
  };
  return Object.assign(get, {
    forget: () => {
      created = undefined;
    },
  });
}
