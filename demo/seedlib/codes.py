"""Terminology of the demo records: short keys on the left, what is written into the resources on the right."""

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
USCORE = "http://hl7.org/fhir/us/core/StructureDefinition/"

# key: (LOINC, display, text, unit, UCUM code, decimals, US Core profile)
VITALS = {
    "hr": ("8867-4", "Heart rate", "Heart rate", "beats/min", "/min", 0, "us-core-heart-rate"),
    "rr": ("9279-1", "Respiratory rate", "Respiratory rate", "breaths/min", "/min", 0, "us-core-respiratory-rate"),
    "temp": ("8310-5", "Body temperature", "Body temperature", "°C", "Cel", 1, "us-core-body-temperature"),
    "ht": ("8302-2", "Body height", "Body height", "cm", "cm", 1, "us-core-body-height"),
    "wt": ("29463-7", "Body weight", "Body weight", "kg", "kg", 1, "us-core-body-weight"),
    "bmi": ("39156-5", "Body mass index (BMI) [Ratio]", "BMI", "kg/m2", "kg/m2", 1, "us-core-bmi"),
    "hc": ("9843-4", "Head Occipital-frontal circumference", "Head circumference", "cm", "cm", 1, "us-core-head-circumference"),
    "spo2": ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "Oxygen saturation", "%", "%", 0, "us-core-pulse-oximetry"),
}

# key: (LOINC, display, text, unit, UCUM code, decimals, low, high); a pair instead of a bound is (female, male)
LABS = {
    "hba1c": ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "Hemoglobin A1c", "%", "%", 1, 4.0, 5.6),
    "glucose": ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "Glucose", "mg/dL", "mg/dL", 0, 70, 99),
    "gct": ("1504-0", "Glucose [Mass/volume] in Serum or Plasma --1 hour post 50 g glucose PO", "Glucose, 1 hour after 50 g", "mg/dL", "mg/dL", 0, None, 139),
    "creat": ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "Creatinine", "mg/dL", "mg/dL", 2, (0.5, 0.7), (1.1, 1.3)),
    "egfr": ("98979-8", "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum, Plasma or Blood by Creatinine-based formula (CKD-EPI 2021)", "Estimated GFR (CKD-EPI 2021)", "mL/min/1.73 m2", "mL/min/{1.73_m2}", 0, 60, None),
    "bun": ("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", "Urea nitrogen", "mg/dL", "mg/dL", 0, 7, 20),
    "na": ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "Sodium", "mmol/L", "mmol/L", 0, 135, 145),
    "k": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "Potassium", "mmol/L", "mmol/L", 1, 3.5, 5.1),
    "co2": ("2028-9", "Carbon dioxide, total [Moles/volume] in Serum or Plasma", "Bicarbonate (total CO2)", "mmol/L", "mmol/L", 0, 22, 29),
    "phos": ("2777-1", "Phosphate [Mass/volume] in Serum or Plasma", "Phosphate", "mg/dL", "mg/dL", 1, 2.5, 4.5),
    "chol": ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "Total cholesterol", "mg/dL", "mg/dL", 0, None, 199),
    "hdl": ("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "HDL cholesterol", "mg/dL", "mg/dL", 0, (50, 40), None),
    "ldl": ("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "LDL cholesterol (calculated)", "mg/dL", "mg/dL", 0, None, 99),
    "tg": ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "Triglycerides", "mg/dL", "mg/dL", 0, None, 149),
    "uacr": ("9318-7", "Albumin/Creatinine [Mass Ratio] in Urine", "Urine albumin/creatinine ratio", "mg/g", "mg/g", 0, None, 29),
    "hgb": ("718-7", "Hemoglobin [Mass/volume] in Blood", "Hemoglobin", "g/dL", "g/dL", 1, (12.0, 13.5), (15.5, 17.5)),
    "hct": ("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "Hematocrit", "%", "%", 1, (36, 41), (46, 53)),
    "mcv": ("787-2", "MCV [Entitic mean volume] in Red Blood Cells by Automated count", "MCV", "fL", "fL", 0, 80, 100),
    "wbc": ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "White blood cells", "10*3/uL", "10*3/uL", 1, 4.0, 11.0),
    "plt": ("777-3", "Platelets [#/volume] in Blood by Automated count", "Platelets", "10*3/uL", "10*3/uL", 0, 150, 400),
    "ferritin": ("2276-4", "Ferritin [Mass/volume] in Serum or Plasma", "Ferritin", "ng/mL", "ng/mL", 0, (12, 24), (150, 336)),
    "tsh": ("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "TSH", "mIU/L", "m[IU]/L", 2, 0.4, 4.0),
    "ft4": ("3024-7", "Thyroxine (T4) free [Mass/volume] in Serum or Plasma", "Free T4", "ng/dL", "ng/dL", 2, 0.8, 1.8),
    "alt": ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "ALT", "U/L", "U/L", 0, 7, (35, 45)),
    "ast": ("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "AST", "U/L", "U/L", 0, 8, 40),
    "inr": ("6301-6", "INR in Platelet poor plasma by Coagulation assay", "INR", "INR", "{INR}", 1, 0.9, 1.1),
    "psa": ("2857-1", "Prostate specific Ag [Mass/volume] in Serum or Plasma", "PSA", "ng/mL", "ng/mL", 1, None, 4.0),
    "ntprobnp": ("33762-6", "Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma", "NT-proBNP", "pg/mL", "pg/mL", 0, None, 300),
    "urate": ("3084-1", "Urate [Mass/volume] in Serum or Plasma", "Uric acid", "mg/dL", "mg/dL", 1, (2.4, 3.4), (6.0, 7.0)),
    "crp": ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "C-reactive protein", "mg/L", "mg/L", 1, None, 5.0),
    "esr": ("4537-7", "Erythrocyte sedimentation rate by Westergren method", "Sedimentation rate", "mm/h", "mm/h", 0, None, (30, 20)),
    "ttg": ("46128-5", "Tissue transglutaminase IgA Ab [Units/volume] in Serum", "Tissue transglutaminase IgA", "U/mL", "U/mL", 0, None, 9),
    "lead": ("77307-7", "Lead [Mass/volume] in Venous blood", "Lead", "ug/dL", "ug/dL", 1, None, 3.4),
    "vitd": ("62292-8", "25-Hydroxyvitamin D2+25-Hydroxyvitamin D3 [Mass/volume] in Serum or Plasma", "25-OH vitamin D", "ng/mL", "ng/mL", 0, 30, 100),
    "b12": ("2132-9", "Cobalamin (Vitamin B12) [Mass/volume] in Serum or Plasma", "Vitamin B12", "pg/mL", "pg/mL", 0, 200, 900),
}

# panel: (LOINC, display, text, members in order)
PANELS = {
    "lipid": ("24331-1", "Lipid 1996 panel - Serum or Plasma", "Lipid panel", ["chol", "tg", "hdl", "ldl"]),
    "bmp": ("51990-0", "Basic metabolic panel - Blood", "Basic metabolic panel", ["glucose", "bun", "creat", "egfr", "na", "k", "co2", "phos"]),
    "cbc": ("58410-2", "CBC panel - Blood by Automated count", "Complete blood count", ["wbc", "hgb", "hct", "mcv", "plt"]),
    "thyroid": ("24348-5", "Free T4 and TSH panel - Serum or Plasma", "Thyroid function", ["tsh", "ft4"]),
}

# key: (LOINC, display, text, unit, UCUM, decimals, category)
MEASURES = {
    "pef": ("33452-4", "Maximum expiratory gas flow Respiratory system airway by Peak flow meter", "Peak flow", "L/min", "L/min", 0, "exam"),
    "fev1": ("20150-9", "FEV1", "FEV1", "L", "L", 2, "procedure"),
    "fev1fvc": ("19926-5", "FEV1/FVC", "FEV1/FVC", "%", "%", 0, "procedure"),
    "lvef": ("10230-1", "Left ventricular Ejection fraction", "Left ventricular ejection fraction", "%", "%", 0, "imaging"),
    "fundal": ("11881-0", "Uterus Fundal height Tape measure", "Fundal height", "cm", "cm", 0, "exam"),
    "fhr": ("55283-6", "Fetal Heart rate", "Fetal heart rate", "beats/min", "/min", 0, "exam"),
}

# key: (LOINC, display, text, categories besides survey)
SCORES = {
    "phq9": ("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]", "PHQ-9 total score"),
    "gad7": ("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]", "GAD-7 total score"),
    "moca": ("72172-0", "Total score [MoCA]", "MoCA total score"),
}
PHQ9_ITEMS = [
    ("44250-9", "Little interest or pleasure in doing things in last 2 weeks"),
    ("44255-8", "Feeling down, depressed, or hopeless in last 2 weeks"),
    ("44259-0", "Trouble falling or staying asleep, or sleeping too much in last 2 weeks"),
    ("44254-1", "Feeling tired or having little energy in last 2 weeks"),
    ("44251-7", "Poor appetite or overeating in last 2 weeks"),
    ("44258-2", "Feeling bad about yourself - or that you are a failure or have let yourself or your family down in last 2 weeks"),
    ("44252-5", "Trouble concentrating on things, such as reading the newspaper or watching television in last 2 weeks"),
    ("44253-3", "Moving or speaking so slowly that other people could have noticed. Or the opposite - being so fidgety or restless that you have been moving around a lot more than usual in last 2 weeks"),
    ("44260-8", "Thoughts that you would be better off dead, or of hurting yourself in some way in last 2 weeks"),
]
PHQ9_ANSWERS = [("LA6568-5", "Not at all"), ("LA6569-3", "Several days"), ("LA6570-1", "More than half the days"), ("LA6571-9", "Nearly every day")]

SMOKING = {
    "never": ("266919005", "Never smoked tobacco"),
    "former": ("8517006", "Ex-smoker"),
    "daily": ("449868002", "Smokes tobacco daily"),
    "occasional": ("428041000124106", "Occasional tobacco smoker"),
}

# key: (SNOMED CT, display, text, ICD-10-CM or None)
CONDITIONS = {
    "t2dm": ("44054006", "Diabetes mellitus type 2", "Type 2 diabetes", "E11.9"),
    "t1dm": ("46635009", "Diabetes mellitus type 1", "Type 1 diabetes", "E10.9"),
    "prediabetes": ("714628002", "Prediabetes", "Prediabetes", "R73.03"),
    "htn": ("59621000", "Essential hypertension", "High blood pressure (essential hypertension)", "I10"),
    "hld": ("55822004", "Hyperlipidemia", "High cholesterol", "E78.5"),
    "obesity": ("414916001", "Obesity", "Obesity", "E66.9"),
    "asthma": ("195967001", "Asthma", "Asthma", "J45.909"),
    "asthma-exac": ("708038006", "Acute exacerbation of asthma", "Asthma flare", "J45.901"),
    "copd": ("13645005", "Chronic obstructive lung disease", "COPD", "J44.9"),
    "copd-exac": ("195951007", "Acute exacerbation of chronic obstructive airways disease", "COPD flare", "J44.1"),
    "afib": ("49436004", "Atrial fibrillation", "Atrial fibrillation", "I48.91"),
    "hfref": ("703272007", "Heart failure with reduced ejection fraction", "Heart failure with reduced ejection fraction", "I50.20"),
    "hf-acute": ("42343007", "Congestive heart failure", "Decompensated heart failure", "I50.9"),
    "ckd3a": ("700378005", "Chronic kidney disease stage 3A", "Chronic kidney disease, stage 3a", "N18.31"),
    "ckd3b": ("700379002", "Chronic kidney disease stage 3B", "Chronic kidney disease, stage 3b", "N18.32"),
    "ckd4": ("431857002", "Chronic kidney disease stage 4", "Chronic kidney disease, stage 4", "N18.4"),
    "mdd": ("370143000", "Major depressive disorder", "Major depression", "F32.9"),
    "gad": ("21897009", "Generalized anxiety disorder", "Generalized anxiety disorder", "F41.1"),
    "hypothyroid": ("40930008", "Hypothyroidism", "Underactive thyroid (hypothyroidism)", "E03.9"),
    "ra": ("69896004", "Rheumatoid arthritis", "Rheumatoid arthritis", "M06.9"),
    "gout": ("90560007", "Gout", "Gout", "M10.9"),
    "breast-ca": ("254837009", "Malignant neoplasm of breast", "Breast cancer, left, stage I", "C50.912"),
    "breast-ca-hx": ("429087003", "History of malignant neoplasm of breast", "History of breast cancer", "Z85.3"),
    "osteopenia": ("312894000", "Osteopenia", "Osteopenia", "M85.80"),
    "osteoporosis": ("64859006", "Osteoporosis", "Osteoporosis", "M81.0"),
    "oa-knee": ("239873007", "Osteoarthritis of knee", "Osteoarthritis of the knee", "M17.9"),
    "pregnancy": ("77386006", "Pregnancy", "Pregnancy", "Z33.1"),
    "ida": ("87522002", "Iron deficiency anemia", "Iron deficiency anemia", "D50.9"),
    "fibroids": ("95315005", "Uterine leiomyoma", "Uterine fibroids", "D25.9"),
    "celiac": ("396331005", "Celiac disease", "Celiac disease", "K90.0"),
    "poor-growth": ("36440009", "Failure to thrive", "Poor weight gain", "R62.51"),
    "mci": ("386805003", "Mild cognitive disorder", "Mild cognitive impairment", "G31.84"),
    "fall-risk": ("129839007", "At risk for falls", "At risk for falls", "Z91.81"),
    "osa": ("78275009", "Obstructive sleep apnea syndrome", "Obstructive sleep apnea", "G47.33"),
    "epilepsy": ("84757009", "Epilepsy", "Epilepsy", "G40.909"),
    "seizure": ("91175000", "Seizure", "Seizure", "R56.9"),
    "prostate-ca": ("399068003", "Malignant tumor of prostate", "Prostate cancer, low risk", "C61"),
    "hbv": ("61977001", "Chronic type B viral hepatitis", "Chronic hepatitis B", "B18.1"),
    "mi": ("22298006", "Myocardial infarction", "Heart attack (myocardial infarction)", "I21.9"),
    "cad": ("53741008", "Coronary arteriosclerosis", "Coronary artery disease", "I25.10"),
    "acl": ("444470001", "Injury of anterior cruciate ligament", "Torn anterior cruciate ligament, right knee", "S83.511A"),
    "eczema": ("24079001", "Atopic dermatitis", "Eczema", "L20.9"),
    "otitis": ("65363002", "Otitis media", "Ear infection", "H66.90"),
    "strep": ("43878008", "Streptococcal sore throat", "Strep throat", "J02.0"),
    "uri": ("54150009", "Upper respiratory infection", "Cold (upper respiratory infection)", "J06.9"),
    "bronchitis": ("10509002", "Acute bronchitis", "Acute bronchitis", "J20.9"),
    "migraine": ("37796009", "Migraine", "Migraine", "G43.909"),
    "food-insecurity": ("733423003", "Food insecurity", "Food insecurity", "Z59.41"),
    "transport": ("713458007", "Lack of access to transportation", "No reliable transportation", "Z59.82"),
    "vitd-def": ("34713006", "Vitamin D deficiency", "Vitamin D deficiency", "E55.9"),
    "ltbi": ("11999007", "Inactive tuberculosis", "Latent tuberculosis infection", "Z22.7"),
    "neonatal-jaundice": ("387712008", "Neonatal jaundice", "Newborn jaundice", "P59.9"),
}

# key: (RxNorm or None, text, route)
MEDS = {
    "metformin-500": ("861007", "metformin hydrochloride 500 MG Oral Tablet"),
    "metformin-1000": ("861004", "metformin hydrochloride 1000 MG Oral Tablet"),
    "lisinopril-10": ("314076", "lisinopril 10 MG Oral Tablet"),
    "lisinopril-20": ("314077", "lisinopril 20 MG Oral Tablet"),
    "losartan-50": ("979492", "losartan potassium 50 MG Oral Tablet"),
    "amlodipine-5": ("197361", "amlodipine 5 MG Oral Tablet"),
    "amlodipine-10": ("308135", "amlodipine 10 MG Oral Tablet"),
    "hctz-25": ("310798", "hydrochlorothiazide 25 MG Oral Tablet"),
    "atorva-20": ("617310", "atorvastatin 20 MG Oral Tablet"),
    "atorva-40": ("617311", "atorvastatin 40 MG Oral Tablet"),
    "atorva-80": ("259255", "atorvastatin 80 MG Oral Tablet"),
    "aspirin-81": ("243670", "aspirin 81 MG Oral Tablet"),
    "clopidogrel-75": ("309362", "clopidogrel 75 MG Oral Tablet"),
    "warfarin-5": ("855332", "warfarin sodium 5 MG Oral Tablet"),
    "metoprolol-25": ("866427", "24 HR metoprolol succinate 25 MG Extended Release Oral Tablet"),
    "metoprolol-50": ("866436", "24 HR metoprolol succinate 50 MG Extended Release Oral Tablet"),
    "metoprolol-100": ("866412", "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet"),
    "carvedilol-12": ("200032", "carvedilol 12.5 MG Oral Tablet"),
    "furosemide-40": ("313988", "furosemide 40 MG Oral Tablet"),
    "spironolactone-25": ("313096", "spironolactone 25 MG Oral Tablet"),
    "empagliflozin-10": ("1545658", "empagliflozin 10 MG Oral Tablet"),
    "sertraline-50": ("312941", "sertraline 50 MG Oral Tablet"),
    "sertraline-100": ("312938", "sertraline 100 MG Oral Tablet"),
    "escitalopram-10": ("349332", "escitalopram 10 MG Oral Tablet"),
    "levothyroxine-50": ("966221", "levothyroxine sodium 0.05 MG Oral Tablet"),
    "levothyroxine-75": (None, "levothyroxine sodium 0.075 MG Oral Tablet"),
    "allopurinol-100": ("197319", "allopurinol 100 MG Oral Tablet"),
    "allopurinol-300": ("197320", "allopurinol 300 MG Oral Tablet"),
    "colchicine": ("197541", "colchicine 0.6 MG Oral Tablet"),
    "anastrozole": ("199224", "anastrozole 1 MG Oral Tablet"),
    "methotrexate": ("105585", "methotrexate 2.5 MG Oral Tablet"),
    "folic-acid": ("310410", "folic acid 1 MG Oral Tablet"),
    "lamotrigine-100": ("198427", "lamotrigine 100 MG Oral Tablet"),
    "ferrous": ("310325", "ferrous sulfate 325 MG Oral Tablet"),
    "albuterol": ("745679", "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"),
    "fluticasone": ("895994", "120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler"),
    "flut-salm": ("896209", "60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler"),
    "tiotropium": ("485032", "tiotropium 0.018 MG Inhalation Powder"),
    "prednisone-20": ("312615", "prednisone 20 MG Oral Tablet"),
    "prednisone-5": ("312617", "prednisone 5 MG Oral Tablet"),
    "cetirizine": ("1014678", "cetirizine hydrochloride 10 MG Oral Tablet"),
    "amox-500": ("308191", "amoxicillin 500 MG Oral Capsule"),
    "amox-susp": (None, "amoxicillin 80 MG/ML Oral Suspension"),
    "azithro": ("308460", "azithromycin 250 MG Oral Tablet"),
    "glargine": ("311041", "insulin glargine 100 UNT/ML Injectable Solution"),
    "aspart-pump": (None, "insulin aspart 100 UNT/ML Injectable Solution, by insulin pump"),
    "semaglutide": (None, "semaglutide, once-weekly pen injector"),
    "omeprazole": ("198051", "omeprazole 20 MG Delayed Release Oral Capsule"),
    "acetaminophen": ("313782", "acetaminophen 325 MG Oral Tablet"),
    "ibuprofen-600": ("197806", "ibuprofen 600 MG Oral Tablet"),
    "sumatriptan": ("313161", "sumatriptan 50 MG Oral Tablet"),
    "prenatal": (None, "prenatal multivitamin with iron and folic acid, oral tablet"),
    "alendronate": (None, "alendronic acid 70 MG Oral Tablet"),
    "vitamin-d": (None, "cholecalciferol 1000 UNT Oral Tablet"),
    "epi-jr": (None, "epinephrine 0.15 MG Auto-Injector"),
    "epi": (None, "epinephrine 0.3 MG Auto-Injector"),
    "hydrocortisone": (None, "hydrocortisone 1 % Topical Ointment"),
    "rifampin": (None, "rifampin 300 MG Oral Capsule"),
    "tenofovir": (None, "tenofovir alafenamide 25 MG Oral Tablet"),
    "varenicline": (None, "varenicline 1 MG Oral Tablet"),
    "nitro": (None, "nitroglycerin 0.4 MG Sublingual Tablet"),
}

# key: (SNOMED CT, display, text)
PROCEDURES = {
    "echo": ("40701008", "Echocardiography", "Echocardiogram"),
    "ecg": ("29303009", "Electrocardiographic procedure", "Electrocardiogram"),
    "pci": ("415070008", "Percutaneous coronary intervention", "Coronary angioplasty with stent"),
    "cardiac-rehab": ("313395003", "Cardiac rehabilitation", "Cardiac rehabilitation"),
    "mammogram": ("71651007", "Mammography", "Mammogram"),
    "lumpectomy": ("392021009", "Lumpectomy of breast", "Lumpectomy, left breast"),
    "radiotherapy": ("108290001", "Radiation oncology AND/OR radiotherapy", "Radiation therapy, left breast"),
    "dxa": ("312681000", "Bone density scan", "Bone density scan (DXA)"),
    "colonoscopy": ("73761001", "Colonoscopy", "Colonoscopy"),
    "spirometry": ("127783003", "Spirometry", "Spirometry"),
    "delivery": ("48782003", "Delivery normal", "Vaginal birth"),
    "ob-us": ("268445003", "Ultrasound scan - obstetric", "Obstetric ultrasound"),
    "eeg": ("54550000", "Electroencephalogram", "Electroencephalogram (EEG)"),
    "prostate-bx": ("65575008", "Biopsy of prostate", "Biopsy of the prostate"),
    "sleep-study": ("60554003", "Polysomnography", "Sleep study"),
    "cbt": ("228557008", "Cognitive and behavioral therapy", "Cognitive behavioral therapy"),
    "physio": ("91251008", "Physical therapy procedure", "Physical therapy"),
    "egd": ("76009000", "Esophagogastroduodenoscopy", "Upper endoscopy with biopsies"),
    "acl-repair": (None, None, "Arthroscopic reconstruction of the right anterior cruciate ligament"),
    "myomectomy": (None, None, "Hysteroscopic removal of a uterine fibroid"),
    "ldct": (None, None, "Low-dose CT of the chest for lung cancer screening"),
    "eye-exam": (None, None, "Dilated eye examination"),
    "foot-exam": ("401191002", "Diabetic foot examination", "Diabetic foot examination"),
    "hearing": (None, None, "Newborn hearing screen"),
    "cardioversion": ("250980009", "Cardioversion", "Electrical cardioversion"),
}

# imaging and other narrative reports: (LOINC, display, category code, category display)
REPORTS = {
    "echo": ("34552-0", "Cardiac 2D echo panel", "LP29708-2", "Cardiology"),
    "mammogram": ("24606-6", "MG Breast Screening", "LP29684-5", "Radiology"),
    "dxa": ("38269-7", "DXA Skeletal system Views for bone density", "LP29684-5", "Radiology"),
    "chest-xray": ("30745-4", "XR Chest Views", "LP29684-5", "Radiology"),
    "ob-us": ("11525-3", "US Pelvis and Fetus for pregnancy", "LP29684-5", "Radiology"),
    "pathology": ("11526-1", "Pathology study", "LP7839-6", "Pathology"),
    "ct-chest": ("24627-2", "CT Chest", "LP29684-5", "Radiology"),
    "mri-brain": ("24590-2", "MR Brain", "LP29684-5", "Radiology"),
    "mri-knee": ("24802-1", "MR Knee", "LP29684-5", "Radiology"),
}

# key: (CVX, display)
VACCINES = {
    "hepb": ("08", "Hep B, adolescent or pediatric"), "rota": ("116", "rotavirus, pentavalent"), "dtap": ("20", "DTaP"),
    "hib": ("48", "Hib (PRP-T)"), "pcv13": ("133", "Pneumococcal conjugate PCV 13"), "pcv20": ("216", "Pneumococcal conjugate PCV20, polysaccharide CRM197 conjugate, adjuvant, PF"),
    "ipv": ("10", "IPV"), "mmr": ("03", "MMR"), "var": ("21", "varicella"), "hepa": ("83", "Hep A, ped/adol, 2 dose"),
    "tdap": ("115", "Tdap"), "hpv": ("165", "HPV9"), "menacwy": ("114", "meningococcal MCV4P"), "dtap-ipv": ("130", "DTaP-IPV"),
    "flu": ("140", "Influenza, split virus, trivalent, PF"), "flu-hd": ("135", "Influenza, high-dose, trivalent, PF"),
    "flu4": ("150", "Influenza, split virus, quadrivalent, PF"), "zoster": ("187", "zoster recombinant"),
    "ppsv23": ("33", "pneumococcal polysaccharide PPV23"), "covid": ("309", "COVID-19, mRNA, LNP-S, PF, tris-sucrose, 30 mcg/0.3 mL"),
    "covid21": ("208", "COVID-19, mRNA, LNP-S, PF, 30 mcg/0.3 mL dose"), "menacwy-tt": ("203", "meningococcal polysaccharide (groups A, C, Y, W-135) TT conjugate"),
    "rsv": ("305", "RSV, bivalent, protein subunit RSVpreF, diluent reconstituted, 0.5 mL, PF"),
    "nirsevimab": ("306", "RSV, mAb, nirsevimab-alip, 0.5 mL, neonate to 24 months"),
    "hepb-adult": ("43", "Hep B, adult"), "hepa-adult": ("52", "Hep A, adult"), "typhoid": ("101", "typhoid, ViCPs"),
}

# encounter kind: (class code, class display, type SNOMED, type display, minutes, location)
ENCOUNTERS = {
    "office": ("AMB", "ambulatory", "390906007", "Follow-up encounter", 25, "family-medicine"),
    "checkup": ("AMB", "ambulatory", "185349003", "Encounter for check up", 40, "family-medicine"),
    "problem": ("AMB", "ambulatory", "185347001", "Encounter for problem", 25, "family-medicine"),
    "wellchild": ("AMB", "ambulatory", "410620009", "Well child visit", 30, "family-medicine"),
    "prenatal": ("AMB", "ambulatory", "424619006", "Prenatal visit", 25, "womens-health"),
    "specialist": ("AMB", "ambulatory", "11429006", "Consultation", 35, "specialty-clinic"),
    "lab": ("AMB", "ambulatory", "390906007", "Follow-up encounter", 10, "family-medicine"),
    "video": ("VR", "virtual", "448337001", "Telemedicine consultation with patient", 20, "family-medicine"),
    "emergency": ("EMER", "emergency", "50849002", "Emergency room admission", 260, "hospital"),
    "inpatient": ("IMP", "inpatient encounter", "32485007", "Hospital admission", 0, "hospital"),
}

RACES = {
    "white": ("2106-3", "White"), "black": ("2054-5", "Black or African American"), "asian": ("2028-9", "Asian"),
    "native": ("1002-5", "American Indian or Alaska Native"), "other": None,
}
LANGS = {"en": "English", "es": "Spanish", "fr": "French", "vi": "Vietnamese", "so": "Somali", "bn": "Bengali", "pt": "Portuguese", "ko": "Korean", "pa": "Punjabi"}
