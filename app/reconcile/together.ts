type Call<In, Out> = {
  readonly given: In
  readonly resolve: (out: Out) => void
  readonly reject: (error: unknown) => void
}

/**
 * Calls that come while one is under way share the next: a commit costs the same for one as for fifty.
 * @param all answers one by one, in the same order. Where it throws for several, each is done again by itself, so
 * that none fails for another's sake
 */
export function together<In, Out>(
  all: (given: readonly In[]) => Promise<readonly Out[]>,
  most = 50,
): (given: In) => Promise<Out> {
  const waiting: Call<In, Out>[] = []
  let busy = false

  const settle = async (calls: readonly Call<In, Out>[]): Promise<void> => {
    try {
      const outs = await all(calls.map(({ given }) => given))
      for (const [n, { resolve }] of calls.entries()) resolve(outs[n] as Out)
    } catch (error) {
      if (calls.length === 1) calls[0]?.reject(error)
      else for (const call of calls) await settle([call])
    }
  }
  const work = async (): Promise<void> => {
    if (busy) return
    busy = true
    while (waiting.length > 0) await settle(waiting.splice(0, most))
    busy = false
  }

  return (given) =>
    new Promise((resolve, reject) => {
      waiting.push({ given, resolve, reject })
      void work()
    })
}
