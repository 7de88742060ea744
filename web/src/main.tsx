import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import './ui/base.css';
import { Speaking } from './words/words';

const page = document.getElementById('page');
if (!page) throw new Error('index.html has no #page');

createRoot(page).render(
  <StrictMode>
    <Speaking>
      <App />
    </Speaking>
  </StrictMode>,
);
