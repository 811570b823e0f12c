import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/ui/',
  plugins: [react()],
  // A page that is developed asks a Penstock that runs on this machine.
  server: { proxy: { '/api': 'http://127.0.0.1:8321' } },
  build: { outDir: 'static', emptyOutDir: true, target: 'es2022', cssTarget: ['chrome123', 'firefox120', 'safari17.5'], chunkSizeWarningLimit: 900 },
})
