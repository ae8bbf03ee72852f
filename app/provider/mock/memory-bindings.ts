import type { Bindings, MockBinding } from './bindings.ts'

/** The mock's cloud in memory. */
export const memoryBindings = (): Bindings => {
  const bindings = new Map<string, MockBinding>()
  return {
    find: async (handle) => bindings.get(handle),
    put: async (binding) => {
      if (!bindings.has(binding.handle)) bindings.set(binding.handle, binding)
    },
    replace: async (binding) => {
      if (bindings.has(binding.handle)) bindings.set(binding.handle, binding)
    },
    delete: async (handle) => {
      bindings.delete(handle)
    },
    all: async () => [...bindings.values()],
  }
}
