import type { Due, Store } from '../../../app/reconcile/ports/store.ts'

/** When clouds are compared, in memory. */
export const memoryClouds = (): Pick<Store, 'knowClouds' | 'claimCloud' | 'cloudLooked' | 'clouds'> & {
  timers(): readonly Due[]
} => {
  const clouds = new Map<string, { readonly lookAt: number; readonly lookedAt?: number }>()
  return {
    knowClouds: async (providers, now) => {
      for (const name of providers) if (!clouds.has(name)) clouds.set(name, { lookAt: now })
    },
    claimCloud: async (provider, now, next) => {
      const known = clouds.get(provider)
      if (known === undefined || known.lookAt > now) return false
      clouds.set(provider, { ...known, lookAt: next })
      return true
    },
    cloudLooked: async (provider, now) => {
      const known = clouds.get(provider)
      if (known !== undefined) clouds.set(provider, { ...known, lookedAt: now })
    },
    clouds: async () =>
      [...clouds].map(([provider, { lookedAt }]) => ({
        provider,
        ...(lookedAt === undefined ? {} : { lookedAt }),
      })),
    timers: () => [...clouds].map(([key, { lookAt }]) => ({ queue: 'cloud', key, lookAt })),
  }
}
