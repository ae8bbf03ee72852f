/** Puts a worker to sleep before one of its calls, as a long pause of its machine does. */
export const createStall = () => {
  let left = Number.POSITIVE_INFINITY
  let gate = Promise.withResolvers<void>()
  let asleep = Promise.withResolvers<void>()
  let at: string | undefined
  return {
    /** The call `calls` from now waits until `wake`. @returns resolves when it has come so far */
    plan(calls: number): Promise<void> {
      left = calls
      at = undefined
      gate = Promise.withResolvers()
      asleep = Promise.withResolvers()
      return asleep.promise
    },
    /** Before which call it sleeps, or slept. */
    at: (): string | undefined => at,
    wake(): void {
      left = Number.POSITIVE_INFINITY
      gate.resolve()
    },
    around<T extends object>(port: T, names: readonly (keyof T & string)[]): T {
      const wrapped = Object.create(port) as T
      for (const name of names) {
        const method = port[name]
        if (typeof method !== 'function') throw new Error(`${name} is no method`)
        const call = async (...parameters: readonly unknown[]): Promise<unknown> => {
          if (--left < 0 && at === undefined) {
            at = name
            asleep.resolve()
            await gate.promise
          }
          return Reflect.apply(method, port, parameters)
        }
        Object.defineProperty(wrapped, name, { value: call })
      }
      return wrapped
    },
  }
}
