import { render } from 'preact';
import { Known } from './known/known.ts';
import { Page } from './page.tsx';
import './look.css';

const place = document.getElementById('page');
if (place === null) throw new Error('the page has no place for the console');
const known = new Known();
render(<Page known={known} />, place);
known.begin();
