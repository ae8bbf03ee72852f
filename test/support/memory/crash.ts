/** What a killed worker leaves: nothing after this is executed. */
export class Crash extends Error {
  constructor(where: string) {
    super(`killed at ${where}`)
    this.name = 'Crash'
  }
}

/**
 * Counts calls to ports and kills the worker at the chosen one, before it takes effect or after.
 * A port wrapped twice counts twice.
 */
export const createCrashes = () => {
  let left = Number.POSITIVE_INFINITY
  let after = false
  return {
    /** The call `calls` from now dies. */
    plan(calls: number, afterEffect: boolean): void {
      left = calls
      after = afterEffect
    },
    clear(): void {
      left = Number.POSITIVE_INFINITY
    },
    /** The port with every promised answer behind a place to die. */
    around<T extends object>(port: T, names: readonly (keyof T & string)[]): T {
      const wrapped = Object.create(port) as T
      for (const name of names) {
        const method = port[name]
        if (typeof method !== 'function') throw new Error(`${name} is no method`)
        const call = async (...parameters: readonly unknown[]): Promise<unknown> => {
          const dies = --left < 0
          if (dies && !after) throw new Crash(`${name}, before`)
          const answer: unknown = await Reflect.apply(method, port, parameters)
          if (dies) throw new Crash(`${name}, after`)
          return answer
        }
        Object.defineProperty(wrapped, name, { value: call })
      }
      return wrapped
    },
  }
}
