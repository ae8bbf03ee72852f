/** Counts the calls to whatever it is put around, by the method's name. */
export const counted = () => {
  const calls = new Map<string, number>()
  return {
    calls: (name: string): number => calls.get(name) ?? 0,
    forget: (): void => calls.clear(),
    around: <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name, receiver) => {
          const found: unknown = Reflect.get(target, name, receiver)
          if (typeof found !== 'function') return found
          return (...given: readonly unknown[]): unknown => {
            calls.set(String(name), (calls.get(String(name)) ?? 0) + 1)
            return Reflect.apply(found, target, given)
          }
        },
      }),
  }
}
